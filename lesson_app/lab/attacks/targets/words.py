"""Words that people choose as a secret."""

from __future__ import annotations

_WORDS = """
    password welcome sunshine princess football baseball dragon monkey shadow master letmein
    trustno1 superman batman iloveyou starwars whatever freedom mustang michael jennifer jordan
    hunter ranger buster soccer hockey killer george charlie andrew thomas robert daniel jessica
    pepper ginger cookie banana cheese coffee orange purple yellow silver golden diamond crystal
    summer winter autumn spring monday friday january october november december morning evening
    secret secret1 secret123 topsecret mysecret session sessions passwort passw0rd p4ssword
    changeme default example testing test1234 qwerty qwertz azerty asdfgh zxcvbn 123456 12345678
    123456789 abc123 abcdef admin admin123 administrator root toor guest login user server
    production development staging backup database website internet computer laptop keyboard
    monitor printer network wireless bluetooth android windows ubuntu debian python javascript
    flask express django angular github gitlab docker kubernetes amazon google facebook twitter
    youtube netflix spotify london berlin paris madrid vienna moscow tokyo sydney toronto
    chicago boston dallas houston denver seattle phoenix austin america england germany france
    canada mexico brazil australia island mountain river forest ocean desert garden flower rose
    violet jasmine daisy tulip maple willow cherry apple lemon mango papaya coconut tomato
    potato pumpkin carrot pepperoni pizza burger chicken turkey bacon butter honey sugar
    chocolate vanilla caramel cinnamon tiger lion eagle falcon dolphin whale shark turtle
    rabbit panther
    leopard cheetah elephant giraffe zebra kitten puppy snoopy garfield mickey minnie donald
    pokemon pikachu matrix terminator gandalf frodo merlin wizard phantom ghost angel heaven
    thunder lightning rainbow stardust galaxy jupiter saturn mercury neptune apollo phoenix1
    arsenal chelsea liverpool barcelona yankees lakers cowboys steelers packers eagles rangers
    guitar piano violin trumpet drummer music dancing singing reading writing cooking running
    swimming fishing camping hiking travel holiday vacation birthday christmas halloween easter
    family mother father sister brother friend lovely beautiful forever together always smile
    happy lucky magic dream hope peace faith victory champion winner legend hero soldier captain
    pirate ninja samurai viking knight castle kingdom queen king prince emperor company office
    business manager marketing finance accounting support helpdesk invoice contract project
"""
#: `weak_secret` uses one of these.
WORDS = tuple(_WORDS.split())

'use strict';
// Reads one line of JSON a time: {content, rounds}; answers nanoseconds to seal and to open one.
const path = require('path');
const sessions = require(path.join(__dirname, '../tests/node/node_modules/client-sessions'));
const options = {cookieName: 'session', secret: 'a secret for the benchmark, long enough'};

function time(rounds, work) {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) work();
  return Number(process.hrtime.bigint() - begin) / rounds;
}

require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  const {content, rounds} = JSON.parse(line);
  const now = Date.now();
  const value = sessions.util.encode(options, content, 86400000, now);
  console.log(JSON.stringify([
    time(rounds, () => sessions.util.encode(options, content, 86400000, now)),
    time(rounds, () => sessions.util.decode(options, value)),
  ]));
});

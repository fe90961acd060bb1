// Answers what Mozilla's own library, and JavaScript, make of values.
// Each line of standard input is a request, {"op": ..., "items": [...]}, and brings one
// line with the list of answers. Exits when its standard input ends.
'use strict';

const crypto = require('node:crypto');
const readline = require('node:readline');
const { util } = require('client-sessions');

const operations = {
  // A cookie value: null if it is refused, [content, createdAt, duration] as texts if not.
  decode(value, { name, secret }) {
    const opened = util.decode({ cookieName: name, secret }, value);
    if (opened === undefined) return null;
    return [JSON.stringify(opened.content), String(opened.createdAt), String(opened.duration)];
  },

  // {content (JSON), createdAt, duration, iv (hex)}: the cookie value.
  encode({ content, createdAt, duration, iv }, { name, secret }) {
    crypto.randomBytes = () => Buffer.from(iv, 'hex');
    return util.encode({ cookieName: name, secret }, JSON.parse(content), duration, createdAt);
  },

  // JSON: the same JSON as JavaScript writes it.
  stringify(text) {
    return JSON.stringify(JSON.parse(text));
  },
};

function attempt(operation, item, request) {
  try {
    return operation(item, request);
  } catch (error) {
    return { thrown: String(error) };
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line);
  const operation = operations[request.op];
  console.log(JSON.stringify(request.items.map((item) => attempt(operation, item, request))));
});

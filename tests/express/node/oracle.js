// Answers what Mozilla's own library, and JavaScript, make of values.
// Each line of standard input is a request, {"op": ..., "items": [...]}, and brings one
// line with the list of answers. Exits when its standard input ends.
'use strict';

const crypto = require('node:crypto');
const readline = require('node:readline');
const { util } = require('client-sessions');
const readOptions = require('./options');

const operations = {
  // A cookie value: null if it is refused, [content, createdAt, duration] as texts if not.
  decode({ value, options }) {
    const opened = util.decode(readOptions(options), value);
    if (opened === undefined) return null;
    return [JSON.stringify(opened.content), String(opened.createdAt), String(opened.duration)];
  },

  // content is JSON, iv hex: the cookie value.
  encode({ content, createdAt, duration, iv, options }) {
    crypto.randomBytes = () => Buffer.from(iv, 'hex');
    return util.encode(readOptions(options), JSON.parse(content), duration, createdAt);
  },

  // {algorithm, key, iv, ciphertext (all hex but the first), createdAt, duration}: hex.
  hmac({ algorithm, key, iv, ciphertext, createdAt, duration }) {
    const opts = { signatureAlgorithm: algorithm, signatureKey: Buffer.from(key, 'hex') };
    const [ivBytes, ctBytes] = [iv, ciphertext].map((text) => Buffer.from(text, 'hex'));
    const mac = util.computeHmac(opts, ivBytes, ctBytes, duration, createdAt);
    return Buffer.from(mac).toString('hex');
  },

  // JSON: the same JSON as JavaScript writes it.
  stringify({ text }) {
    return JSON.stringify(JSON.parse(text));
  },
};

function attempt(operation, item) {
  try {
    return operation(item);
  } catch (error) {
    return { thrown: String(error) };
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { op, items } = JSON.parse(line);
  console.log(JSON.stringify(items.map((item) => attempt(operations[op], item))));
});

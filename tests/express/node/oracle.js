// Call functions of Mozilla's library and of JavaScript on request.
// Each line of standard input is a request, {"op": ..., "items": [...]}. The answer is one
// line with a list of results. Exits when standard input ends.
'use strict';

const crypto = require('node:crypto');
const readline = require('node:readline');
const clientSessions = require('client-sessions');
const readOptions = require('./options');
const setNow = require('./clock');

const { util } = clientSessions;
const middlewares = new Map();

// What a view can do to the session.
const actions = {
  read(req) { return JSON.stringify(req.session); },
  look(req) { void req.session; },
  write(req, key, value) { req.session[key] = value; },
  push(req, key, value) { (req.session[key] ??= []).push(value); },
  delete(req, key) { delete req.session[key]; },
  reset(req, ...keep) { req.session.reset(keep); },
  replace(req, content) { req.session = content; },
  duration(req, ms, ephemeral) { req.session.setDuration(ms, ephemeral); },
};

const operations = {
  // Open a cookie value: [content, createdAt, duration] as strings, or null if it is refused.
  decode({ value, options }) {
    const opened = util.decode(readOptions(options), value);
    if (opened === undefined) return null;
    return [JSON.stringify(opened.content), String(opened.createdAt), String(opened.duration)];
  },

  // Seal content, given as JSON, with an IV in hex; return the cookie value.
  encode({ content, createdAt, duration, iv, options }) {
    crypto.randomBytes = () => Buffer.from(iv, 'hex');
    return util.encode(readOptions(options), JSON.parse(content), duration, createdAt);
  },

  // Return the MAC in hex. key, iv and ciphertext are in hex, too.
  hmac({ algorithm, key, iv, ciphertext, createdAt, duration }) {
    const opts = { signatureAlgorithm: algorithm, signatureKey: Buffer.from(key, 'hex') };
    const [ivBytes, ctBytes] = [iv, ciphertext].map((text) => Buffer.from(text, 'hex'));
    const mac = util.computeHmac(opts, ivBytes, ctBytes, duration, createdAt);
    return Buffer.from(mac).toString('hex');
  },

  // Let the middleware handle a request without a network. `site` names the middleware, which
  // remembers its options. Each act has a time. Return the session's JSON (null unless it
  // was read) and the Set-Cookie.
  visit({ site, options, cookie, began, acts, ended }) {
    if (!middlewares.has(site)) {
      middlewares.set(site, clientSessions({ requestKey: 'session', ...readOptions(options) }));
    }
    const headers = {};
    // The same visits give the same cookies.
    const seed = JSON.stringify([site, cookie, acts]);
    crypto.randomBytes = (size) => crypto.createHash('sha512').update(seed).digest().subarray(0, size);
    const req = { headers: { cookie }, connection: {} };
    const res = {
      getHeader: (name) => headers[name],
      setHeader: (name, value) => { headers[name] = value; },
      writeHead() {},
    };
    let read = null;
    setNow(began);
    try {
      middlewares.get(site)(req, res, () => {});
      for (const [time, act, ...args] of acts) {
        setNow(time);
        const result = actions[act](req, ...args);
        if (act === 'read') read = result;
      }
      setNow(ended);
      res.writeHead();
    } finally {
      setNow(null);
    }
    return [read, headers['Set-Cookie'] ?? []];
  },

  // Return JSON as JavaScript writes it.
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

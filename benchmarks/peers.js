'use strict';
// The libraries that run in Node. Each line of standard input is an order in JSON, each line
// of standard output the answer:
//   {"do": "prepare", "content"}          `content` sealed and opened by each peer
//   {"do": "seal" | "open", "peer", "calls"}    nanoseconds for one
//   {"do": "log in"}                      what each app reads after a login, and its cookies
//   {"do": "request", "peer", "view", "calls"}  nanoseconds for one request, without a socket
//   {"do": "versions"}
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const readline = require('node:readline');

const modules = path.join(__dirname, '../tests/express/node/node_modules');
const use = (name) => require(path.join(modules, name));
const clientSessions = use('client-sessions');
const cookieSession = use('cookie-session');
const express = use('express');
const Keygrip = use('keygrip');
const iron = use('iron-session');

const secret = 'a secret for the benchmark, long enough';
const user = { userName: 'sampleuser', email: 'sampleuser@example.com' };

// Sealing and opening

const mozilla = { cookieName: 'session', secret };
const keys = new Keygrip([secret]);
const codecs = {
  'client-sessions': {
    seal: (content) => clientSessions.util.encode(mozilla, content, 86400000, Date.now()),
    open: (value) => clientSessions.util.decode(mozilla, value).content,
  },
  // The package exports no codec: this repeats its `encode`, `decode` and `cookies`.
  'cookie-session': {
    seal: (content) => {
      const value = Buffer.from(JSON.stringify(content)).toString('base64');
      return [value, keys.sign(`session=${value}`)];
    },
    open: ([value, signature]) => {
      if (!keys.verify(`session=${value}`, signature)) throw new Error('signature');
      return JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    },
  },
  'iron-session': {
    seal: (content) => iron.sealData(content, { password: secret }),
    open: (value) => iron.unsealData(value, { password: secret }),
  },
};

let content;
const sealed = {};

async function prepare(given) {
  content = given;
  const opened = {};
  for (const [peer, codec] of Object.entries(codecs)) {
    sealed[peer] = await codec.seal(content);
    opened[peer] = await codec.open(sealed[peer]);
  }
  return opened;
}

async function repeat(calls, work) {
  for (let i = 0; i < calls; i++) {
    const result = work();
    // Awaiting a plain value would cost time that the library does not need.
    if (result instanceof Promise) await result;
  }
}

// As in measure.py: repeat a turn that another program interrupted.
async function time(calls, work) {
  await repeat(Math.floor(calls / 4), work);
  const tries = [];
  for (let n = 0; n < 5; n++) {
    const begin = process.hrtime.bigint();
    const before = process.cpuUsage();
    await repeat(calls, work);
    const { user, system } = process.cpuUsage(before);
    tries.push(Number(process.hrtime.bigint() - begin));
    if ((user + system) * 1000 > 0.95 * tries.at(-1)) break;
  }
  return Math.min(...tries) / calls;
}

// Whole requests

let count = 0;
const ironOptions = { cookieName: 'session', password: secret };

function sessionsOfExpress(middleware) {
  const app = express();
  if (middleware) app.use(middleware);
  app.get('/untouched', (req, res) => res.send('ok'));
  app.get('/read', (req, res) => res.send(JSON.stringify((req.session || {}).user ?? null)));
  app.get('/write', (req, res) => {
    if (req.session) req.session.n = count++;
    res.send('ok');
  });
  app.get('/login', (req, res) => {
    req.session.user = user;
    res.send('ok');
  });
  return app;
}

function sessionsOfIron() {
  const app = express();
  const session = (req, res) => iron.getIronSession(req, res, ironOptions);
  app.get('/untouched', (req, res) => res.send('ok'));
  app.get('/read', async (req, res) => res.send(JSON.stringify((await session(req, res)).user)));
  const write = (key, value) => async (req, res) => {
    const opened = await session(req, res);
    opened[key] = value();
    await opened.save();
    res.send('ok');
  };
  app.get('/write', write('n', () => count++));
  app.get('/login', write('user', () => user));
  return app;
}

const apps = {
  none: sessionsOfExpress(null),
  'client-sessions': sessionsOfExpress(clientSessions(mozilla)),
  'cookie-session': sessionsOfExpress(cookieSession({ keys: [secret] })),
  'iron-session': sessionsOfIron(),
};
const cookies = {};
const socket = new net.Socket(); // unconnected: written data goes nowhere

function request(peer, view) {
  return new Promise((resolve) => {
    const req = new http.IncomingMessage(socket);
    req.method = 'GET';
    req.url = `/${view}`;
    req.headers = { host: 'bench', cookie: cookies[peer] };
    const res = new http.ServerResponse(req);
    const end = res.end;
    res.end = (...body) => {
      end.apply(res, body);
      // Let the event loop run, as between a server's requests; else its work would pile up.
      setImmediate(resolve, res);
      return res;
    };
    apps[peer](req, res);
  });
}

const body = (res) => String(res.outputData.at(-1).data || res.outputData.at(-2).data);

async function logIn() {
  const answers = {};
  for (const peer of Object.keys(codecs)) {
    const lines = [(await request(peer, 'login')).getHeader('set-cookie')].flat();
    cookies[peer] = lines.map((line) => line.split(';')[0]).join('; ');
    const written = [(await request(peer, 'write')).getHeader('set-cookie')].flat();
    answers[peer] = [JSON.parse(body(await request(peer, 'read')).split('\r\n\r\n').at(-1)),
      written.length];
  }
  cookies.none = cookies['client-sessions'];
  return answers;
}

// Orders

const version = (name) =>
  JSON.parse(require('node:fs').readFileSync(path.join(modules, name, 'package.json'))).version;

const orders = {
  prepare: (order) => prepare(order.content),
  seal: ({ peer, calls }) => time(calls, () => codecs[peer].seal(content)),
  open: ({ peer, calls }) => time(calls, () => codecs[peer].open(sealed[peer])),
  'log in': logIn,
  request: ({ peer, view, calls }) => time(calls, () => request(peer, view)),
  versions: () => ({
    Node: process.versions.node,
    ...Object.fromEntries(
      ['client-sessions', 'cookie-session', 'iron-session', 'express'].map((n) => [n, version(n)]),
    ),
  }),
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    console.log(JSON.stringify(await orders[order.do](order)));
  }
})();

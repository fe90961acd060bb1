// The course page's application on Express, with Mozilla's own library.
// Usage: node server.js '{"secret": "...", "duration": 120000, "activeDuration": 60000}'
// Prints one line, {"port": ...}; exits when its standard input ends.
'use strict';

const path = require('node:path');
const clientSessions = require('client-sessions');
const express = require('express');

// A request with the header `Now` (ms since 1970) is answered as if it were then.
const RealDate = Date;
let now = null;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length || now === null ? args : [now]));
  }
  static now() {
    return now ?? RealDate.now();
  }
};

const app = express();
app.set('views', path.join(__dirname, 'views'));
app.set('view engine', 'ejs');
app.use((req, res, next) => {
  now = req.get('Now') ? Number(req.get('Now')) : null;
  next();
});
app.use(express.urlencoded({ extended: true }));
app.use(clientSessions({ cookieName: 'session', ...JSON.parse(process.argv[2]) }));

// The routes of the page.

app.get('/session-test-add', (req, res) => {
  req.session.message = req.query.message || '';
  res.send("session created with using 'message' query parameter");
});

app.get('/session-test-read', (req, res) => {
  res.send(`session message: ${req.session.message}`);
});

app.get('/login', (req, res) => {
  res.render('login', { message: '' });
});

const user = { userName: 'sampleuser', email: 'sampleuser@example.com' };

app.post('/login', (req, res) => {
  const { userName, password } = req.body;
  if (userName === user.userName && password === 'samplepassword') {
    req.session.user = { ...user };
    res.redirect('/dashboard');
  } else {
    res.render('login', { message: 'invalid login' });
  }
});

function ensureLogin(req, res, next) {
  if (req.session.user) {
    next();
  } else {
    res.redirect('/login');
  }
}

app.get('/dashboard', ensureLogin, (req, res) => {
  res.render('dashboard', { user: req.session.user });
});

app.get('/logout', (req, res) => {
  req.session.reset();
  res.redirect('/login');
});

// Routes for the tests only. Each but the first answers with the session's JSON.

app.get('/test/untouched', (req, res) => {
  res.send('untouched');
});

function forTests(route, change) {
  app.get(route, (req, res) => {
    change(req.session, req.query);
    res.type('text').send(JSON.stringify(req.session));
  });
}

forTests('/test/read', () => {});
forTests('/test/write', (session, query) => Object.assign(session, query));
forTests('/test/basket', (session) => { session.basket = { items: [] }; });
forTests('/test/nested', (session, query) => { session.basket.items.push(query.item); });
forTests('/test/reset', (session) => session.reset());
forTests('/test/duration', (session, query) => session.setDuration(Number(query.ms)));

const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }));
});
process.stdin.on('end', () => process.exit()).resume();

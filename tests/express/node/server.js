// The course page's application on Express, with Mozilla's library.
// Each line of standard input starts an application. It is a list with the library's options
// for each session. The answer is one line, {"port": ...}. Exits when standard input ends.
'use strict';

const path = require('node:path');
const readline = require('node:readline');
const clientSessions = require('client-sessions');
const express = require('express');
const readOptions = require('./options');
const setNow = require('./clock');

const user = { userName: 'sampleuser', email: 'sampleuser@example.com' };

function makeApp(sessions) {
  const app = express();
  app.set('views', path.join(__dirname, 'views'));
  app.set('view engine', 'ejs');
  app.set('trust proxy', true);
  app.use((req, res, next) => {
    // The header `Now` of a request sets the time, in ms since 1970.
    setNow(req.get('Now') ? Number(req.get('Now')) : null);
    req.connection.proxySecure = req.secure;
    next();
  });
  app.use(express.urlencoded({ extended: true }));
  for (const options of sessions) app.use(clientSessions(readOptions(options)));
  addPages(app);
  addTestRoutes(app);
  return app;
}

// The course page's routes.
function addPages(app) {
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

  app.post('/login', (req, res) => {
    const { userName, password } = req.body;
    if (userName === user.userName && password === 'samplepassword') {
      req.session.user = { ...user };
      res.redirect('/dashboard');
    } else {
      res.render('login', { message: 'invalid login' });
    }
  });

  app.get('/dashboard', ensureLogin, (req, res) => {
    res.render('dashboard', { user: req.session.user });
  });

  app.get('/logout', (req, res) => {
    req.session.reset();
    res.redirect('/login');
  });
}

function ensureLogin(req, res, next) {
  if (req.session.user) {
    next();
  } else {
    res.redirect('/login');
  }
}

// Routes for the tests only, each with and without the name of a session. All except the
// first answer with that session's JSON.
function addTestRoutes(app) {
  app.get('/test/untouched', (req, res) => {
    res.send('untouched');
  });

  function add(action, change) {
    app.get(`/test{/:name}/${action}`, (req, res) => {
      const session = req[req.params.name ?? 'session'];
      change(session, req.query);
      res.type('text').send(JSON.stringify(session));
    });
  }

  add('read', () => {});
  add('write', (session, query) => Object.assign(session, query));
  add('basket', (session) => { session.basket = { items: [] }; });
  add('nested', (session, query) => { session.basket.items.push(query.item); });
  add('reset', (session) => session.reset());
  add('duration', (session, { ms, ephemeral }) => {
    session.setDuration(Number(ms), ephemeral && ephemeral === 'yes');
  });
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const server = makeApp(JSON.parse(line)).listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ port: server.address().port }));
  });
}).on('close', () => process.exit());

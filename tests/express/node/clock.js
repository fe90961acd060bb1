// Replace JavaScript's clock by one that can be set.
'use strict';

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

// Set the time, in ms since 1970; null for the real time.
module.exports = function setNow(time) {
  now = time;
};

// Convert the options of Mozilla's library from JSON, where keys are in hex.
'use strict';

module.exports = function readOptions(options) {
  const read = { ...options };
  for (const key of ['encryptionKey', 'signatureKey']) {
    if (key in read) read[key] = Buffer.from(read[key], 'hex');
  }
  return read;
};

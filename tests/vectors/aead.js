// AEADCodec's format once more, on top of Node's crypto only: a proof that its description is
// complete. Reads the cases of aead.json from stdin; writes each one's key id and value, and
// what its own value opens to.
"use strict";
const crypto = require("crypto");

const INFO = "lesson_app.AEADCodec v1";

function derive(secret) {
  const derived = Buffer.from(crypto.hkdfSync("sha256", secret, "", INFO, 38));
  return { key: derived.subarray(0, 32), id: derived.subarray(32).toString("base64url") };
}

function aesBlock(key, block) {
  const cipher = crypto.createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

// c2sp.org/XAES-256-GCM, "Detailed key derivation algorithm", step by step.
function subkey(key, nonce) {
  const l = BigInt("0x" + aesBlock(key, Buffer.alloc(16)).toString("hex"));
  let k1 = BigInt.asUintN(128, l << 1n);
  if (l >> 127n) k1 ^= 0x87n;
  const halves = [1, 2].map((counter) => {
    const m = Buffer.concat([Buffer.from([0, counter, 0x58, 0]), nonce.subarray(0, 12)]);
    const mixed = BigInt("0x" + m.toString("hex")) ^ k1;
    return aesBlock(key, Buffer.from(mixed.toString(16).padStart(32, "0"), "hex"));
  });
  return Buffer.concat(halves);
}

function seal({ key, id }, nonce, name, createdAt, duration, json) {
  const times = Buffer.alloc(16);
  times.writeBigUInt64BE(BigInt(createdAt), 0);
  times.writeBigUInt64BE(BigInt(duration), 8);
  const text = Buffer.from(json);
  const filling = Buffer.alloc((16 - (text.length % 16)) % 16, " ");
  const cipher = crypto.createCipheriv("aes-256-gcm", subkey(key, nonce), nonce.subarray(12));
  cipher.setAAD(Buffer.from(`v1.${id}.${name}`));
  const parts = [nonce, cipher.update(Buffer.concat([times, text, filling])), cipher.final()];
  return `v1.${id}.${Buffer.concat([...parts, cipher.getAuthTag()]).toString("base64url")}`;
}

function open({ key, id }, value, name) {
  const data = Buffer.from(value.slice(`v1.${id}.`.length), "base64url");
  const nonce = data.subarray(0, 24);
  const cipher = crypto.createDecipheriv("aes-256-gcm", subkey(key, nonce), nonce.subarray(12));
  cipher.setAAD(Buffer.from(`v1.${id}.${name}`));
  cipher.setAuthTag(data.subarray(-16));
  const plaintext = Buffer.concat([cipher.update(data.subarray(24, -16)), cipher.final()]);
  return [
    Number(plaintext.readBigUInt64BE(0)),
    Number(plaintext.readBigUInt64BE(8)),
    JSON.parse(plaintext.subarray(16).toString()),
  ];
}

const results = JSON.parse(require("fs").readFileSync(0, "utf8")).map((each) => {
  const secret = derive(
    each.secret === undefined ? Buffer.from(each.secret_hex, "hex") : Buffer.from(each.secret)
  );
  const nonce = Buffer.from(each.nonce, "hex");
  const sealed = seal(secret, nonce, each.name, each.created_at, each.duration, each.json);
  return { key_id: secret.id, value: sealed, opened: open(secret, each.value || sealed, each.name) };
});
process.stdout.write(JSON.stringify(results));

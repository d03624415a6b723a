// Asks the browser for a security key or a passkey and hands its answer to the form. What is asked stands in
// the form's data-options; bytes are base64url on both ways.
"use strict";
const form = document.getElementById("key-form");
const error = document.getElementById("key-error");
const ceremony = form.dataset.ceremony;
let waiting = null;

function bytes(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function request() {
  const options = JSON.parse(form.dataset.options).publicKey;
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.excludeCredentials, options.allowCredentials]) {
    for (const key of list || []) key.id = bytes(key.id);
  }
  return options;
}

function answer(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  if (ceremony === "create") {
    response.attestationObject = text(credential.response.attestationObject);
    response.transports = credential.response.getTransports ? credential.response.getTransports() : [];
  } else {
    response.authenticatorData = text(credential.response.authenticatorData);
    response.signature = text(credential.response.signature);
    const owner = credential.response.userHandle;
    response.userHandle = owner && owner.byteLength ? text(owner) : null;
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response, extensions: {},
  });
}

// `mediation` is "conditional" while the browser offers passkeys in the field for the user name.
async function ask(mediation) {
  if (waiting) waiting.abort();
  waiting = new AbortController();
  const wanted = { publicKey: request(), signal: waiting.signal };
  if (mediation) wanted.mediation = mediation;
  const credential = await (ceremony === "create"
    ? navigator.credentials.create(wanted) : navigator.credentials.get(wanted));
  form.elements.credential.value = answer(credential);
  form.submit();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.hidden = true;
  try {
    await ask(null);
  } catch (reason) {
    if (reason.name !== "AbortError") error.hidden = false;
  }
});

if (ceremony === "passkey" && window.PublicKeyCredential) {
  form.hidden = false;
  const possible = PublicKeyCredential.isConditionalMediationAvailable;
  if (possible) {
    possible.call(PublicKeyCredential)
      .then((yes) => (yes ? ask("conditional") : null))
      .catch(() => null);
  }
}

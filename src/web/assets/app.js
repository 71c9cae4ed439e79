// What the pages can do with a script; all reading works without.
"use strict";

(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const ask = async (address, body) => {
    const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.detail || String(answer.status));
    return told;
  };

  const descriptors = (list) => (list || []).map((c) => ({ ...c, id: bytes(c.id) }));

  // Web Authentication: options from the server, the device's answer back to it.
  const create = async (options) => {
    const o = options.publicKey;
    const made = await navigator.credentials.create({ publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: descriptors(o.excludeCredentials) } });
    return { id: made.id, rawId: text(made.rawId), type: made.type, extensions: made.getClientExtensionResults(),
      response: { attestationObject: text(made.response.attestationObject), clientDataJSON: text(made.response.clientDataJSON), transports: made.response.getTransports ? made.response.getTransports() : [] } };
  };
  const get = async (options) => {
    const o = options.publicKey;
    const got = await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: descriptors(o.allowCredentials) } });
    return { id: got.id, rawId: text(got.rawId), type: got.type, extensions: got.getClientExtensionResults(),
      response: { authenticatorData: text(got.response.authenticatorData), clientDataJSON: text(got.response.clientDataJSON), signature: text(got.response.signature), userHandle: got.response.userHandle ? text(got.response.userHandle) : null } };
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-passkey]");
    if (!button) return;
    event.preventDefault();
    const fault = document.getElementById("passkey-fault");
    if (fault) fault.hidden = true;
    button.disabled = true;
    try {
      const base = button.dataset.passkey;
      const begun = await ask(base + "/begin");
      const answer = await (button.dataset.how === "create" ? create : get)(begun.options);
      const ended = await ask(base + "/finish", { ticket: begun.ticket, answer, label: button.dataset.label || "", next: button.dataset.next || "" });
      location.assign(ended.to);
    } catch (e) {
      button.disabled = false;
      if (fault) {
        fault.textContent = (e.name === "NotAllowedError" ? fault.dataset.cancelled : e.message) || String(e);
        fault.hidden = false;
      }
    }
  });

  // Where the browser knows no passkeys the button would lead nowhere.
  document.addEventListener("DOMContentLoaded", () => {
    if (!window.PublicKeyCredential) document.querySelectorAll("[data-passkey]").forEach((b) => { b.hidden = true; });
  });
})();

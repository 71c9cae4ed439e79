// This browser is told by push, or no more: asks the browser, then tells the server.
"use strict";

(() => {
  const part = document.getElementById("push");
  if (!part) return;
  const on = document.getElementById("push-on"), off = document.getElementById("push-off");
  const fault = document.getElementById("push-fault"), none = document.getElementById("push-none");
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    none.hidden = false;
    return;
  }

  const send = async (address, body) => {
    const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || String(answer.status));
  };
  const say = (e) => { fault.textContent = e.name === "NotAllowedError" ? fault.dataset.refused : e.message; fault.hidden = false; };

  const look = async () => {
    const worker = await navigator.serviceWorker.getRegistration("/");
    const known = worker && await worker.pushManager.getSubscription();
    on.hidden = Boolean(known);
    off.hidden = !known;
    return known;
  };

  on.addEventListener("click", async () => {
    fault.hidden = true;
    on.disabled = true;
    try {
      await navigator.serviceWorker.register("/worker.js", { scope: "/" });
      const worker = await navigator.serviceWorker.ready;
      const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(part.dataset.key) });
      await send("/account/push", { endpoint: made.endpoint, p256dh: text(made.getKey("p256dh")), auth: text(made.getKey("auth")), label: (navigator.userAgentData && navigator.userAgentData.platform) || navigator.platform || part.dataset.label });
      location.reload();
    } catch (e) { say(e); on.disabled = false; }
  });

  off.addEventListener("click", async () => {
    try {
      const known = await look();
      if (known) {
        await send("/account/push/off", { endpoint: known.endpoint });
        await known.unsubscribe();
      }
      location.reload();
    } catch (e) { say(e); }
  });

  look().catch(say);
})();

// Shows a notice that came by push, and opens its page when it is tapped. It keeps nothing and fetches nothing.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data ? event.data.json() : {}; } catch (e) { /* shown as news without words */ }
  event.waitUntil(self.registration.showNotification(told.title || "faxbridge", {
    body: told.body || "", tag: told.tag || "faxbridge", renotify: true, requireInteraction: Boolean(told.urgent),
    lang: "ja", icon: "/icon.svg", data: { url: told.url || "/" },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data && event.notification.data.url || "/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window" });
    const here = open.find((client) => client.url === url.href);
    return here ? here.focus() : self.clients.openWindow(url.href);
  })());
});

/** The service worker of a channel: shows what is pushed, and leads to it. It keeps nothing, and fetches nothing. */
interface Pushed {
  title: string;
  body: string;
  url: string;
  tag: string;
}

interface Waiting extends Event {
  waitUntil(done: Promise<unknown>): void;
}

interface Here {
  registration: ServiceWorkerRegistration;
  clients: { matchAll(about: object): Promise<readonly WindowClient[]>; openWindow(url: string): Promise<unknown> };
  addEventListener(name: "push", heard: (event: Waiting & { data?: { json(): Pushed } }) => void): void;
  addEventListener(name: "notificationclick", heard: (event: Waiting & { notification: Notification }) => void): void;
}

interface WindowClient {
  url: string;
  focus(): Promise<unknown>;
}

const here = self as unknown as Here;

here.addEventListener("push", (event) => {
  const said = event.data?.json();
  if (!said) return;
  const { title, body, url, tag } = said;
  event.waitUntil(here.registration.showNotification(title, { body, tag, data: { url } }));
});

here.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = event.notification.data as { url: string };
  // Only ways within this site: what was pushed is ours, and still is checked.
  const target = new URL(url, here.registration.scope);
  if (target.origin !== new URL(here.registration.scope).origin) return;
  event.waitUntil(lead(target.href));
});

async function lead(url: string): Promise<void> {
  const open = await here.clients.matchAll({ type: "window" });
  const same = open.find((each) => each.url === url);
  await (same ? same.focus() : here.clients.openWindow(url));
}

/** Telling this browser by web push: asked for by a button, taken back by another, and said in plain words. */
import { call } from "./api.ts";
import { the } from "./page.ts";

interface Trusting {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

type State = "off" | "on" | "denied" | "failed";

/** Shows the part of `box` that fits, and does what its buttons say. */
export async function offerPush(box: HTMLElement): Promise<void> {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
  const { worker = "", api = "" } = box.dataset;
  const show = (state: State): void => {
    for (const part of box.querySelectorAll<HTMLElement>("[data-state]")) part.hidden = part.dataset.state !== state;
  };
  const doing = (act: () => Promise<State>) => async () => {
    try {
      show(await act());
    } catch {
      show((await denied()) ? "denied" : "failed");
    }
  };
  the('[data-state="off"] button', box).addEventListener(
    "click",
    doing(() => subscribe(worker, api)),
  );
  the('[data-state="failed"] button', box).addEventListener(
    "click",
    doing(() => subscribe(worker, api)),
  );
  the('[data-state="on"] button', box).addEventListener(
    "click",
    doing(() => end(worker, api)),
  );
  await doing(() => standing(worker, api))();
  box.hidden = false;
}

async function standing(worker: string, api: string): Promise<State> {
  if (await denied()) return "denied";
  const found = await (await navigator.serviceWorker.getRegistration(worker))?.pushManager.getSubscription();
  if (!found) return "off";
  await keep(api, found);
  return "on";
}

async function denied(): Promise<boolean> {
  return (await navigator.permissions.query({ name: "notifications" })).state === "denied";
}

async function subscribe(worker: string, api: string): Promise<State> {
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const { key } = await call<{ key: string }>("GET", api);
  await navigator.serviceWorker.register(trusted(worker));
  const registration = await active(worker);
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await keep(api, subscription);
  return "on";
}

async function end(worker: string, api: string): Promise<State> {
  const found = await (await navigator.serviceWorker.getRegistration(worker))?.pushManager.getSubscription();
  if (!found) return "off";
  const { id } = await keep(api, found);
  await call("DELETE", `${api}/${id}`);
  await found.unsubscribe();
  return "off";
}

function keep(api: string, subscription: PushSubscription): Promise<{ id: string }> {
  const { endpoint, keys } = subscription.toJSON();
  return call("PUT", api, { endpoint, keys });
}

async function active(worker: string): Promise<ServiceWorkerRegistration> {
  const found = await navigator.serviceWorker.getRegistration(worker);
  if (!found) throw new Error("the worker is gone");
  const coming = found.installing ?? found.waiting;
  if (!found.active && coming)
    await new Promise((done) => coming.addEventListener("statechange", done, { once: true }));
  return found;
}

/** The address of a script needs a policy where the page asks for trusted types. */
function trusted(url: string): string {
  const types = (window as { trustedTypes?: Trusting }).trustedTypes;
  return types ? types.createPolicy("push-worker", { createScriptURL: (given) => given }).createScriptURL(url) : url;
}

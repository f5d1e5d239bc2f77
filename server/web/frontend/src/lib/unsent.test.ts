import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Lost, Refused } from "./refusal.ts";
import { type Draft, type Field, IDLE_MS, type Keeper, Unsent } from "./unsent.ts";

/** The server, and the devices of one person that hear of each change. */
class House implements Keeper {
  stands: Draft = { body: "", version: 0 };
  clock = 0;
  down = false;
  devices: Device[] = [];
  writes: string[] = [];

  async read(): Promise<Draft> {
    if (this.down) throw new Lost("read");
    return { ...this.stands };
  }

  async put(body: string, version: number): Promise<number> {
    if (this.down) throw new Lost("put");
    if (version !== this.stands.version) throw new Refused("draft_changed", "changed");
    this.clock += 1;
    this.writes.push(body);
    this.stands = { body, version: body ? this.clock : 0 };
    for (const device of this.devices) if (!device.deaf) device.unsent.heard({ body, version: this.clock });
    return this.stands.version;
  }
}

class Device implements Field {
  text = "";
  focus = false;
  offered: string | null = null;
  deaf = false;
  readonly unsent: Unsent;

  constructor(house: House, text = "", own = false, stray = "") {
    this.text = text;
    this.unsent = new Unsent(house, this);
    this.unsent.begin({ ...house.stands }, own, stray);
    house.devices.push(this);
  }

  words(): string {
    return this.text;
  }
  put(words: string): void {
    this.text = words;
  }
  kept(): void {}
  focused(): boolean {
    return this.focus;
  }
  offer(words: string | null): void {
    this.offered = words;
  }
  type(words: string): void {
    this.focus = true;
    this.text = words;
    this.unsent.wrote();
  }
  send(): void {
    this.text = "";
    this.unsent.wrote();
    this.unsent.flush();
  }
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("what is begun", () => {
  let house: House;

  beforeEach(() => {
    vi.useFakeTimers();
    house = new House();
  });
  afterEach(() => void vi.useRealTimers());

  it("is kept a second after the last key, once, and stands at the other device", async () => {
    const [desk, phone] = [new Device(house), new Device(house)];
    for (const words of ["W", "Wh", "Which clay"]) {
      desk.type(words);
      await settle(IDLE_MS - 1);
    }
    expect(house.writes).toEqual([]);
    await settle(1);
    expect(house.writes).toEqual(["Which clay"]);
    expect([phone.text, desk.offered, phone.offered]).toEqual(["Which clay", null, null]);
  });

  it("is gone at both as soon as it is sent", async () => {
    const [desk, phone] = [new Device(house), new Device(house)];
    desk.type("Which clay");
    await settle(IDLE_MS);
    phone.focus = true;
    desk.send();
    await settle();
    expect([house.stands.version, phone.text, desk.text]).toEqual([0, "", ""]);
  });

  it("never takes the place of words that are being written, and is offered beside them", async () => {
    const [desk, phone] = [new Device(house), new Device(house)];
    desk.type("from the desk");
    phone.type("from the phone");
    await settle(IDLE_MS);
    expect([desk.text, phone.text]).toEqual(["from the desk", "from the phone"]);
    await settle(3 * IDLE_MS);
    expect(house.stands.body).toBe("from the phone");
    expect([desk.offered, phone.offered]).toEqual(["from the phone", "from the desk"]);
    desk.unsent.left();
    expect(desk.text).toBe("from the desk");
    desk.unsent.take();
    expect([desk.text, desk.offered]).toEqual(["from the phone", "from the desk"]);
  });

  it("waits for a field that has the focus and was not written in, and comes as it is left", async () => {
    house.stands = { body: "begun", version: 1 };
    house.clock = 1;
    const [desk, phone] = [new Device(house, "begun"), new Device(house, "begun")];
    phone.focus = true;
    desk.type("begun, and gone on with");
    await settle(IDLE_MS);
    expect([phone.text, phone.offered]).toEqual(["begun", "begun, and gone on with"]);
    phone.unsent.flush(true);
    await settle();
    expect(house.stands.body).toBe("begun, and gone on with");
    phone.unsent.left();
    expect([phone.text, phone.offered]).toEqual(["begun, and gone on with", null]);
  });

  it("is kept after an absence, and what was written meanwhile is offered", async () => {
    const [desk, phone] = [new Device(house), new Device(house)];
    phone.deaf = true;
    desk.type("from the desk");
    await settle(IDLE_MS);
    phone.type("from the phone");
    await settle(3 * IDLE_MS);
    expect(house.stands.body).toBe("from the phone");
    expect([phone.offered, desk.text, desk.offered]).toEqual(["from the desk", "from the desk", "from the phone"]);
  });

  it("is kept once the network is back", async () => {
    const desk = new Device(house);
    house.down = true;
    desk.type("Which clay");
    await settle(3 * IDLE_MS);
    house.down = false;
    await settle(10 * IDLE_MS);
    expect(house.writes).toEqual(["Which clay"]);
  });

  it("is not brought back by what arrives late", async () => {
    const [desk, phone] = [new Device(house), new Device(house)];
    desk.type("Which clay");
    await settle(IDLE_MS);
    const late = { ...house.stands };
    desk.send();
    await settle();
    phone.unsent.heard(late);
    expect(phone.text).toBe("");
  });

  it("is asked for after a time in which nothing was heard", async () => {
    const [desk, phone] = [new Device(house), new Device(house)];
    phone.deaf = true;
    desk.type("Which clay");
    await settle(IDLE_MS);
    await phone.unsent.renew();
    expect(phone.text).toBe("Which clay");
    desk.send();
    await settle();
    await phone.unsent.renew();
    expect(phone.text).toBe("");
  });

  it("does not lose what an earlier visit could not keep", async () => {
    house.stands = { body: "from the desk", version: 1 };
    house.clock = 1;
    const stray = new Device(house, "from the desk", false, "kept on this device");
    expect([stray.text, stray.offered]).toEqual(["from the desk", "kept on this device"]);
    house.stands = { body: "", version: 0 };
    const own = new Device(house, "kept on this device", true, "kept on this device");
    await settle(IDLE_MS);
    expect([own.text, house.stands.body, own.offered]).toEqual(["kept on this device", "kept on this device", null]);
  });
});

import { describe, expect, it } from "vitest";
import { Names } from "./names.ts";

const ID = (n: number) => `01900000-0000-7000-8000-00000000000${n}`;

describe("names in a message", () => {
  it("are sent as ids and read as names", () => {
    const names = new Names("test");
    expect(names.learn("Zoe", ID(1))).toBe("Zoe");
    names.learn("Zoe Ames", ID(2));
    const sent = names.meant("@Zoe Ames and @Zoe, not @Zoes nor z@Zoe");
    expect(sent).toBe(`<@${ID(2)}> and <@${ID(1)}>, not @Zoes nor z@Zoe`);
    expect(names.spoken(`${sent} <@${ID(9)}>`)).toBe(`@Zoe Ames and @Zoe, not @Zoes nor z@Zoe <@${ID(9)}>`);
  });

  it("tell two of one name apart", () => {
    const names = new Names("test");
    expect([ID(1), ID(2), ID(1), ID(3)].map((id) => names.learn("A. (x", id))).toEqual([
      "A. (x",
      "A. (x (2)",
      "A. (x",
      "A. (x (3)",
    ]);
    expect(names.meant("@A. (x (2) @A. (x")).toBe(`<@${ID(2)}> <@${ID(1)}>`);
  });
});

import { describe, expect, it } from "vitest";
import { symbol } from "./icons.ts";

describe("an icon's symbol", () => {
  it("keeps the shapes and drops what the page decides", () => {
    const svg = '<!-- licence -->\n<svg\n  class="lucide"\n  stroke="currentColor"\n>\n  <path d="M1 2" />\n</svg>\n';
    expect(symbol("check", svg)).toBe('<symbol id="check" viewBox="0 0 24 24"><path d="M1 2" /></symbol>');
  });

  it("refuses a file without shapes", () => {
    expect(() => symbol("check", "<html/>")).toThrow("check");
  });
});

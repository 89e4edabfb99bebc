import { describe, expect, test } from "vitest";
import { columnType, isMeasured } from "./column-type.ts";

describe("columnType", () => {
  test.each([
    [["1", "-20", "1 000"], "integer"],
    [["1", "2.5", "−3,75"], "number"],
    [["1.000,50", "1,234.5", "2e-3"], "number"],
    [["12 %", "0.5%"], "percentage"],
    [["€ 4.20", "$1,200", "12.50 EUR", "($ 3.00)"], "currency"],
    [["2024-03-01", "01.02.2024", "3 March 2024", "Mar 3, 2024"], "date"],
    [["yes", "No"], "boolean"],
    [["12", "twelve"], "text"],
    [["12", "2024-01-01"], "text"],
    [["", "-", "5"], "integer"],
    [["", "–"], "empty"],
  ] as const)("%j is %s", (cells, type) => {
    expect(columnType(cells)).toBe(type);
  });

  test("names are not measured, figures and dates are", () => {
    expect(["Price", "M8x20", "yes", "A-1"].map(isMeasured)).toEqual([false, false, false, false]);
    expect(["3", "3.5", "€ 3", "2024-01-01", "5%"].map(isMeasured)).toEqual([true, true, true, true, true]);
  });
});

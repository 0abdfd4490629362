import { afterEach, expect, test, vi } from "vitest";

import { Account } from "../src/me/account.svelte";

interface Question {
  path: string;
  answer: (body: object) => Promise<void>;
}

/** Every request waits until the test answers it. */
function askedOf(): Question[] {
  const asked: Question[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    return new Promise<Response>((done) => {
      const answer = async (body: object) => {
        done(Response.json(body));
        await new Promise((later) => setTimeout(later));
      };
      asked.push({ path, answer });
    });
  });
  return asked;
}

const me = (balance: number, transfers: string[], next: string | null) => ({
  agent: "1001",
  balance,
  lines: transfers.map((transfer) => ({ transfer })),
  next,
});
const shown = (account: Account) => account.lines.map(({ transfer }) => transfer);

afterEach(() => vi.unstubAllGlobals());

test("of two answers that cross, that to the newest question counts", async () => {
  const asked = askedOf();
  const account = new Account("1001", () => undefined);
  void account.fetch();
  void account.fetch();
  await asked[1]!.answer(me(200, ["2", "1"], null));
  expect(account.busy).toBe(false);
  await asked[0]!.answer(me(100, ["1"], null));
  expect([account.me?.balance, shown(account)]).toEqual([200, ["2", "1"]]);
});

test("earlier lines that come after a new one leave no hole: they are asked for anew", async () => {
  const asked = askedOf();
  const account = new Account("1001", () => undefined);
  void account.fetch();
  await asked[0]!.answer(me(100, ["4", "3"], "3"));
  void account.fetchEarlier();
  void account.fetch();
  await asked[2]!.answer(me(200, ["5", "4"], "4"));
  await asked[1]!.answer({ lines: [{ transfer: "2" }], next: null });
  expect([shown(account), account.next]).toEqual([["5", "4"], "4"]);
  void account.fetchEarlier();
  expect(asked[3]!.path).toContain("before=4");
  await asked[3]!.answer({ lines: [{ transfer: "3" }], next: "3" });
  expect(shown(account)).toEqual(["5", "4", "3"]);
});

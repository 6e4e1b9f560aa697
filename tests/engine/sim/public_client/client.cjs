// Logs in, synchronises, listens to quotes and trades with the public client; prints what it saw as one line of JSON.
"use strict";
const { TradovateService, TradovateSocket, MarketDataSocket } = require("tradovate");

const seen = { fills: [], positions: [], states: [], quote: null, accounts: [] };

function until(ready) {
  return new Promise((resolve) => {
    const look = () => (ready() ? resolve() : setTimeout(look, 5));
    look();
  });
}

async function main() {
  const service = new TradovateService();
  const login = { name: "apex", password: "apex-pass", appId: "test", appVersion: "1.0", cid: 7, sec: "key" };
  seen.userId = (await service.connect(login)).userId;
  const account = (await service.get("account/list"))[0];
  seen.account = account.name;

  const socket = new TradovateSocket();
  await socket.connect();
  await socket.synchronize({
    onSubscription: (message) => {
      if (message.accounts) seen.accounts = message.accounts.map((row) => row.name);
      if (message.entityType === "order") seen.states.push(message.entity.ordStatus);
      if (message.entityType === "fill") seen.fills.push(message.entity.qty);
      if (message.entityType === "position") seen.positions.push(message.entity.netPos);
    },
  });

  const market = new MarketDataSocket();
  await market.connect();
  const dispose = await market.subscribeQuote("MNQZ6", (quote) => (seen.quote = quote.entries.Trade.price));
  await until(() => seen.quote !== null);

  const order = { accountSpec: account.name, accountId: account.id, symbol: "MNQZ6", orderType: "Market" };
  const placed = await socket.request({
    url: "order/placeorder",
    body: { ...order, action: "Buy", orderQty: 2, isAutomated: true },
  });
  seen.orderId = placed.d.orderId;
  await until(() => seen.positions.length === 1);
  seen.byRest = await service.post("order/placeorder", { ...order, action: "Sell", orderQty: 2, isAutomated: true });
  await until(() => seen.positions.length === 2);
  await dispose();
  socket.disconnect();
  process.stdout.write(`\nSEEN ${JSON.stringify(seen)}\n`);
  process.exit(0);
}

main().catch((error) => {
  process.stderr.write(`${error && error.stack ? error.stack : error}\n`);
  process.exit(1);
});

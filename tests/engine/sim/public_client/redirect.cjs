// Loaded before the client: its TLS connections to the broker's hosts become plain ones to the simulated venue.
"use strict";
const net = require("net");
const tls = require("tls");

const PORTS = {
  "demo.tradovateapi.com": Number(process.env.VENUE_USER_PORT),
  "md.tradovateapi.com": Number(process.env.VENUE_MARKET_PORT),
};

tls.connect = (options, ...rest) => {
  const port = PORTS[options.host] ?? PORTS[options.servername];
  if (port === undefined) throw new Error(`the test reaches no host but the venue, not ${options.host}`);
  return net.connect({ host: "127.0.0.1", port }, ...rest);
};

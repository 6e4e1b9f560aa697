"""Our own client frames are what the library's server side reads back."""

import json

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.server import ServerProtocol

from engine.brokers.tradovate.body import Bodies, with_ticket
from engine.brokers.tradovate.frame import Framer
from engine.brokers.tradovate.options import Options
from engine.domain.decision import Leg
from engine.domain.ids import OrderId


def read_back(data):
    protocol = ServerProtocol()
    protocol.receive_data(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    (request,) = protocol.events_received()
    protocol.send_response(protocol.accept(request))
    protocol.receive_data(data)
    found = protocol.events_received()
    assert all(frame.opcode is Opcode.TEXT and frame.fin for frame in found)
    return [bytes(frame.data) for frame in found]


@given(st.lists(st.binary(max_size=70_000), max_size=4))
def test_any_text_survives(payloads):
    framer = Framer()
    assert read_back(b"".join(framer.text(payload) for payload in payloads)) == payloads


def test_masks_are_fresh():
    framer = Framer()
    one, two = framer.text(b"[]"), framer.text(b"[]")
    assert one[2:6] != two[2:6]


def bodies(**options):
    made = Bodies(Options(user="u", **options), {"ONE": 'DEMO "1"', "TWO": "DEMO2"})
    made.ids = {"ONE": 31, "TWO": 32}
    return made


def test_many_orders_leave_as_one_frame_each():
    lots = [(OrderId("LS1"), "ONE", "MNQZ6", 2), (OrderId("LS2"), "TWO", "ESZ6", -1)] * 3_000
    made = bodies()
    arms = {lot[1:]: (f"\n\n{made.halves(lot)[0]}", made.halves(lot)[1]) for lot in lots[:2]}
    pending = {}
    texts = read_back(Framer().orders(lots, 5, arms, pending))
    assert len(texts) == 6_000
    assert list(pending.items())[:2] == [(5, lots[0]), (6, lots[1])]
    endpoint, number, query, body = texts[1].split(b"\n", 3)
    assert (endpoint, number, query) == (b"order/placeorder", b"6", b"")
    assert json.loads(body) == {
        "accountSpec": "DEMO2",
        "accountId": 32,
        "clOrdId": "LS2",
        "action": "Sell",
        "symbol": "ESZ6",
        "orderQty": 1,
        "orderType": "Market",
        "timeInForce": "Day",
        "isAutomated": True,
    }
    assert json.loads(texts[0].split(b"\n", 3)[3])["accountSpec"] == 'DEMO "1"'


def test_resting_orders():
    lot = (OrderId("LS1"), "TWO", "ESZ6", 2)
    legs = [Leg(client=OrderId("LS2"), stop=5990), Leg(client=OrderId("LS3"), price=6010)]
    oso = json.loads(bodies(custom_tag="desk").oso(lot, legs))
    assert oso["bracket1"] == {
        "action": "Sell",
        "clOrdId": "LS2",
        "orderType": "Stop",
        "timeInForce": "GTC",
        "stopPrice": 5990.0,
    }
    assert oso["bracket2"]["price"] == 6010.0
    assert (oso["action"], oso["customTag50"]) == ("Buy", "desk")
    oco = json.loads(bodies(time_in_force="Day").oco(lot, legs))
    assert (oco["orderType"], oco["stopPrice"], oco["clOrdId"], oco["timeInForce"]) == ("Stop", 5990.0, "LS2", "Day")
    assert (oco["other"]["orderType"], oco["other"]["action"]) == ("Limit", "Buy")
    modify = json.loads(bodies().modify("7001", 3, legs[0]))
    assert (modify["orderId"], modify["orderQty"], modify["stopPrice"], modify["isAutomated"]) == (
        7001,
        3,
        5990.0,
        True,
    )
    assert json.loads(bodies().cancel("7001")) == {"orderId": 7001, "isAutomated": True}
    assert json.loads(with_ticket(bodies().liquidate("ONE", 4021), 'a"b')) == {
        "accountId": 31,
        "contractId": 4021,
        "admin": False,
        "isAutomated": True,
        "p-ticket": 'a"b',
    }
    assert with_ticket("", "T") == '{"p-ticket":"T"}'

"""Ports: free ones, taken ones, claimed ones."""

import socket
import sys

import pytest

from server.embedded.ports import PortClaims, answers, free_ports, is_free


def test_free_ports_differ_and_are_free() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(is_free(port) for port in ports)


def test_a_port_that_somebody_shares_is_not_free() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert answers(port)
        assert not is_free(port)
        assert not PortClaims().take(port)


@pytest.mark.skipif(sys.platform != "linux", reason="claims are kept on Linux alone")
def test_a_claimed_port_is_not_given_twice_until_it_is_released() -> None:
    mine, theirs = PortClaims(), PortClaims()
    port = mine.take_any()
    assert not theirs.take(port)
    mine.release()
    assert theirs.take(port)
    theirs.release()

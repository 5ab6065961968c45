# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of paho 1.6 (Debian 12) or 2 (Debian 13): with the callbacks of the former, which the latter has to be told."""
from paho.mqtt import client as paho


def new(client_id: str, **options) -> paho.Client:
    if hasattr(paho, "CallbackAPIVersion"):
        return paho.Client(paho.CallbackAPIVersion.VERSION1, client_id, protocol=paho.MQTTv5, **options)
    return paho.Client(client_id, protocol=paho.MQTTv5, **options)

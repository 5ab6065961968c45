# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud: an independent implementation of the cloud's half of the protocol (proto/README.md), for tests and
demos."""

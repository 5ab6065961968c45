# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud: an independent implementation of the cloud's half of protocol.md, for tests and demos."""

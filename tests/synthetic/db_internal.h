/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What synthetic_db.c and synthetic_alerts.c share. */
#ifndef SYNTHETIC_DB_INTERNAL_H
#define SYNTHETIC_DB_INTERNAL_H

#include <stdbool.h>

#include "tests/synthetic/synthetic_db.h"
#include "tests/synthetic/text.h"

/* First argument of random_of(): what a number is for. */
enum kind { KIND_GUID = 1, KIND_NODE, KIND_CONTEXT, KIND_ALERT, KIND_DEFINITION, KIND_TRANSITION, KIND_LOG };

/* A transition, as short as it can be: the rest follows from node, alert and event. */
struct entry {
  uint64_t log_id;
  uint64_t when_s;
  uint64_t duration_s;
  uint64_t raised_s; /* spent in warning and critical altogether */
  uint32_t alert;
  uint32_t event_id;
  uint8_t status;
  uint8_t old_status;
};

struct node {
  char guid[37];
  struct entry *last; /* of each alert */
  struct entry *log;  /* a ring once it is full: id i is at (i - 1) % capacity */
  size_t log_room;    /* entries allocated, at most the capacity */
  uint64_t log_end;   /* the newest id */
};

struct synthetic_db {
  struct synthetic_options options;
  struct node *nodes;
  uint64_t next; /* state of the sequence of transitions */
};

/* Gives every alert of the node its first status. False: out of memory. */
bool alerts_begin(struct synthetic_db *db, uint32_t node);

#endif

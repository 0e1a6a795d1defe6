#include "build_details.h"

// Package.swift sets it from the environment variable of this name: SwiftPM offers no other way to hand a text to the
// program without a build plugin.
#ifndef ARCHIVER_COMMIT
#define ARCHIVER_COMMIT ""
#endif

const char *archiver_build_commit(void) { return ARCHIVER_COMMIT; }

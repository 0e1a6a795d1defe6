#ifndef ARCHIVER_BUILD_DETAILS_H
#define ARCHIVER_BUILD_DETAILS_H

/// The commit that the program was built from; empty when whoever built it did not say. Never null.
const char *_Nonnull archiver_build_commit(void);

#endif

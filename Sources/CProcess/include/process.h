#ifndef ARCHIVER_PROCESS_H
#define ARCHIVER_PROCESS_H

/// Writes out the buffers of stdio and ends the process, without running the exit handlers and destructors of libraries:
/// other threads may still be giving back what these would take away beneath them.
_Noreturn void archiver_end_process(int code);

#endif

import Foundation

/// A serial executor on a thread of its own, for actors whose work blocks in C calls.
///
/// The thread starts with the executor and ends after the last job once the executor is released.
package final class ThreadExecutor: SerialExecutor {
  private let jobs = JobQueue()

  /// Starts the thread. `name` shows in debuggers and thread lists; the kernel keeps its first 15 bytes.
  package init(name: String) {
    let jobs = jobs
    let thread = Thread {
      while let (job, executor) = unsafe jobs.next() {
        unsafe job.runSynchronously(on: executor)
      }
    }
    thread.name = name
    thread.start()
  }

  deinit {
    jobs.close()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // The job may end, and let go of the last reference to this executor, before the queue's lock is given back here.
    withExtendedLifetime((self, jobs)) {
      unsafe jobs.add(job, for: asUnownedSerialExecutor())
    }
  }
}

/// The jobs waiting for one thread.
///
/// Unchecked because the compiler cannot see the invariant: `waiting` and `isClosed` are touched only under `condition`.
@safe private final class JobQueue: @unchecked Sendable {
  private let condition = NSCondition()
  private var waiting: [(UnownedJob, UnownedSerialExecutor)] = unsafe []
  private var isClosed = false

  func add(_ job: UnownedJob, for executor: UnownedSerialExecutor) {
    condition.lock()
    unsafe waiting.append((job, executor))
    condition.signal()
    condition.unlock()
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.signal()
    condition.unlock()
  }

  /// The next job, or nil once the queue is closed and empty. Blocks.
  func next() -> (UnownedJob, UnownedSerialExecutor)? {
    condition.lock()
    defer { condition.unlock() }
    while unsafe waiting.isEmpty {
      if isClosed { return nil }
      condition.wait()
    }
    return unsafe waiting.removeFirst()
  }
}

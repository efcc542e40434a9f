/**
 * Tells that an encoder process is gone, without a fork: the program and who waits for it hold the
 * named pipe `alive` of its engine open for writing, and the kernel says when nobody does any more.
 * It goes as a lock does, with the last descriptor, however its holders end.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { Socket } from "node:net";

export class LifeLine {
  readonly #fd: number;
  readonly #pipe: Socket;
  readonly #cut: Promise<boolean>;
  #wasCut = false;

  private constructor(fd: number) {
    this.#fd = fd;
    this.#pipe = new Socket({ fd, readable: true, writable: false, allowHalfOpen: true });
    this.#cut = new Promise((resolve) => {
      this.#pipe.once("end", () => resolve((this.#wasCut = true)));
      for (const lost of ["error", "close"]) this.#pipe.once(lost, () => resolve(false));
    });
    this.#pipe.resume().unref();
  }

  /**
   * @returns undefined when nobody is seen to hold it: the launcher of an older version did not,
   * and what was never seen held proves nothing when it is free
   */
  static hold(path: string): LifeLine | undefined {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
    if (hasWriter(fd)) return new LifeLine(fd);
    closeSync(fd);
    return undefined;
  }

  /** Whether nobody holds it any more; false when that was not seen within this time, ms. */
  async isCut(withinMs: number): Promise<boolean> {
    if (this.#wasCut || this.#pipe.destroyed) return this.#wasCut;
    if (!hasWriter(this.#fd)) return true;
    let patience: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      patience = setTimeout(() => resolve(false), withinMs);
    });
    return Promise.race([this.#cut, late]).finally(() => clearTimeout(patience));
  }

  letGo(): void {
    this.#pipe.destroy();
  }
}

/** Nobody ever writes: a read finds the end, or that the end is not yet. */
function hasWriter(fd: number): boolean {
  try {
    return readSync(fd, Buffer.alloc(1)) > 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN";
  }
}

import { userInfo } from 'node:os';

/** The user of this machine, for people; in some containers there is none with a name. */
export function currentUser(): string | null {
  try {
    return userInfo().username || null;
  } catch {
    return null;
  }
}

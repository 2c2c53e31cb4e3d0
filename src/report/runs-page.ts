import { markup, table, type Html } from './markup.ts';
import { FORM, page } from './page.ts';

/** Run in the list of the gateway. */
export interface ListedRun {
  id: string;
  /** Pipeline; `null`: unknown. */
  pipeline: string | null;
  /** Outcome, or what it does now. */
  state: string;
  /** ISO time. */
  startedAt: string;
  /** Address of the report; `null`: the run has not ended. */
  report: string | null;
}

export interface RunsPage {
  runs: readonly ListedRun[];
  /** Address of the next page; `null`: this is the last one. */
  next: string | null;
  /** True for a caller who has signed in, and may sign out. */
  signedIn: boolean;
}

/** Renders the list of runs with their reports, newest first. */
export const renderRuns = ({ runs, next, signedIn }: RunsPage): string =>
  page(
    'Runs',
    markup`<h1>Runs</h1>
      ${runs.length === 0 ? markup`<p class="dim">There are no runs.</p>` : listOf(runs)}
      ${next === null ? null : markup`<p><a href="${next}">Older runs</a></p>`}
      ${signedIn ? SIGN_OUT : null}`,
    FORM,
  );

const listOf = (runs: readonly ListedRun[]): Html =>
  table(
    ['run', 'pipeline', 'state', 'started', 'report'],
    runs.map(({ id, pipeline, state, startedAt, report }) => [
      id,
      pipeline ?? '',
      state,
      startedAt.slice(0, 19).replace('T', ' '),
      report === null ? '' : markup`<a href="${report}">report</a>`,
    ]),
  );

const SIGN_OUT = markup`<form method="post" action="/session/end">
  <p><button type="submit">Sign out</button></p>
</form>`;

/** Renders the form that takes a token. @param problem Why the last token was not accepted */
export const renderSignIn = (problem: string | null): string =>
  page(
    'Sign in',
    markup`<h1>Sign in</h1>
      ${problem === null ? null : markup`<p role="alert">${problem}</p>`}
      <form method="post" action="/session">
        <p>
          <label>Token of the gateway
            <input type="password" name="token" required autocomplete="current-password" /></label>
          <button type="submit">Sign in</button>
        </p>
      </form>`,
    FORM,
  );

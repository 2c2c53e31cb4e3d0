/** Does not look like a real one, and is searched for by value where nothing may leak. */
export const TOKEN = 'sandbox-token-5f0c2b9d7e';

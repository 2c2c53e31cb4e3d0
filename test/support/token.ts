/** Token that does not look real; it is searched for by value where nothing may leak. */
export const TOKEN = 'sandbox-token-5f0c2b9d7e';

/** For tests: the scripts ask their page for its words, and here there is none. */
Object.assign(globalThis, { document: { scripts: {} } });

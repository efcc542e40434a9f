/** How providers of OpenID Connect know people. */
export const signInColumns = /* sql */ `
ALTER TABLE person ADD COLUMN email TEXT;
-- JSON list
ALTER TABLE person ADD COLUMN identities TEXT NOT NULL DEFAULT '[]';
CREATE UNIQUE INDEX person_email ON person (email);
`;

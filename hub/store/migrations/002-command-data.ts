/** What a command asked for, such as a list of clips. JSON. */
export const commandData = /* sql */ `
ALTER TABLE command ADD COLUMN data TEXT;
`;

// Tries things one after the other and prints what became of each: {name: {value} or {error}}.

// What the test gave the program.
export const settings = JSON.parse(process.argv[2]);

export async function tell(attempts) {
  const outcomes = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      outcomes[name] = { value: await attempt() };
    } catch (error) {
      outcomes[name] = { error: { name: error.name, message: error.message, details: error.details } };
    }
  }
  console.log(JSON.stringify(outcomes));
}

// Takes the Telnet commands out of one line of the control connection (RFC 959 §4.1.3 and §5.3, RFC 854).

const IAC = 0xff; // "interpret as command"
const DONT = 0xfe;
const WILL = 0xfb;
const IP = 0xf4; // interrupt process
const DM = 0xf2; // data mark, the end of a Synch
const SE = 0xf0; // the lowest command

/**
 * `line` without Telnet commands, in one pass: `IAC IAC` is the byte 0xFF, `IAC` with WILL, WONT, DO or DONT goes with
 * the option behind it, `IAC` with any other command (IP, DM, NOP …) goes, and so does what the line's end cut off.
 * An `IAC` before anything else is kept as a byte of the text. Options are never answered.
 */
export function removeTelnetCommands(line: Uint8Array): Uint8Array {
  const first = line.indexOf(IAC);
  if (first === -1) return line;
  const text = line.slice();
  let length = first;
  let behindInterrupt = false;
  for (let index = first; index < line.length; index++) {
    const byte = line[index] ?? 0;
    if (byte === IAC) {
      const command = line[index + 1];
      if (command !== undefined && command >= SE && command < IAC) {
        // RFC 3659 §2.2: "Telnet option negotiation MUST NOT be attempted." A request is heard and not answered. A
        // subnegotiation (SB) is only ever the answer to an agreement, so it has no special place here.
        index += command >= WILL && command <= DONT ? 2 : 1;
        behindInterrupt = command === IP;
        continue;
      }
      if (command === IAC) index++;
      else if (behindInterrupt) {
        // The Synch behind IP is sent as TCP urgent data (RFC 854): a socket that takes urgent data out of line swallows
        // one byte of it. Here the data mark was swallowed, and its IAC stayed.
        behindInterrupt = false;
        continue;
      }
    } else if (byte === DM && behindInterrupt) {
      // Here it was the IAC that was swallowed, and the data mark stayed.
      behindInterrupt = false;
      continue;
    }
    behindInterrupt = false;
    text[length++] = byte;
  }
  return text.subarray(0, length);
}

// What a client has learned about a server and need not find out again, also not after it connected anew.

/** Changed by whoever finds something out. Every trait begins as the RFCs have it. */
export class ServerTraits {
  /** EPSV was not understood: PASV from then on. */
  refusesExtendedPassive = false;
  /** `LIST -a` was not understood as an option. */
  refusesListOptions = false;
}

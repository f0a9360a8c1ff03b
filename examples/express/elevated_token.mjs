// Checks the elevated token that Backlot puts on each request it hands on: made by this Backlot, for
// this app, for the very instance that the other header names. Whoever reaches this server by another
// way can write headers, but no such token.

import { createRemoteJWKSet, errors, jwtVerify } from "jose";

import { caller } from "./caller.mjs";

const unfit = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
];

// `appId` is the token's audience. Without it any app of this Backlot's will do: it has only one.
export function elevatedTokenCheck({ backlot, appId }) {
  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", backlot));

  return async (request, response, next) => {
    const { instanceId } = caller(request);
    const token = request.get("x-backlot-elevated-token");
    if (!instanceId || !token) return refuse(response);
    try {
      await jwtVerify(token, keys, {
        algorithms: ["ES256"],
        issuer: "backlot",
        subject: instanceId,
        audience: appId,
        requiredClaims: ["aud", "exp"],
      });
    } catch (error) {
      // A token that does not fit is the caller's fault; keys that cannot be had are not.
      return isUnfit(error) ? refuse(response) : next(error);
    }
    return next();
  };
}

function isUnfit(error) {
  return unfit.some((kind) => error instanceof kind);
}

function refuse(response) {
  response.status(401).json({ message: "This request did not come through Backlot." });
}

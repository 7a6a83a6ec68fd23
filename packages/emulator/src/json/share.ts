import type { ShareFigures } from '../model/slurmdbd.ts';
import { type JsonContext, tresName } from './context.ts';
import { type Fields, maybeNumber, Real, type Value } from './value.ts';

/** A row of sshare. Shares and figures that a row has none of are unset; a level of fairshare nobody has used is infinite. */
export function writeShare({ association, ...figures }: ShareFigures, context: JsonContext): Fields {
  const { user, account, fairshare: shares } = association;
  const isRoot = account === 'root' && user === '';
  const isUser = user !== '';
  return {
    id: association.id,
    cluster: association.cluster,
    name: isUser ? user : account,
    parent: isUser ? account : association.parent,
    partition: association.partition,
    shares_normalized: maybeNumber(new Real(isRoot ? 2.3283064376228985e-10 : (figures.normShares ?? 0))),
    shares: maybeNumber(isRoot ? null : shares === 'parent' ? 'unlimited' : shares),
    tres: {
      run_seconds: byKind(context, (name) => maybeNumber(Math.round((figures.runMins[name] ?? 0) * 60))),
      group_minutes: byKind(context, (name) => maybeNumber(association.grpTresMins[name] ?? 'unlimited')),
      usage: byKind(context, (name) => new Real((figures.usedMins[name] ?? 0) * 60)),
    },
    effective_usage: context.dialect < 41 ? new Real(figures.effectiveUsage ?? 0) : maybeNumber(new Real(figures.effectiveUsage ?? 0)),
    usage_normalized: isRoot ? unsetReal : maybeNumber(new Real(figures.normUsage)),
    usage: Math.floor(figures.rawUsage),
    fairshare: {
      factor: factor(isUser ? figures.fairshare : 0, context),
      level: level(figures.levelFs, isRoot, context),
    },
    type: [isUser ? 'USER' : 'ASSOCIATION'],
  };
}

const unsetReal = { ...maybeNumber(null), number: new Real(0) };

function factor(fairshare: number | null, context: JsonContext): Value {
  const real = new Real(fairshare ?? 0);
  return context.dialect < 41 ? real : maybeNumber(real);
}

function level(levelFs: number | null, isRoot: boolean, context: JsonContext): Value {
  if (context.dialect < 41) return new Real(isRoot || levelFs === null ? 4_294_967_294 : levelFs);
  if (isRoot || levelFs === null) return unsetReal;
  return Number.isFinite(levelFs) ? maybeNumber(new Real(levelFs)) : { ...maybeNumber('unlimited'), number: new Real(0) };
}

function byKind(context: JsonContext, read: (name: string) => Value): readonly Fields[] {
  return context
    .tresKinds()
    .filter(({ type }) => type !== 'dynamic_offset')
    .map((kind) => ({ name: tresName(kind), value: read(tresName(kind)) }));
}

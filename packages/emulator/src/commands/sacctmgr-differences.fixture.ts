export interface AcceptedDifference {
  readonly call: string;
  readonly reason: string;
}

const always: readonly AcceptedDifference[] = [
  { call: 'show problem', reason: 'users of the lab machine itself have no uid on the emulated cluster' },
  { call: '-P show qos q4 format=name,description,id,preemptmode', reason: 'an addition that was not committed has used up a number' },
  { call: '-P show transaction', reason: 'a cluster that is only a name has no associations that could be changed' },
  { call: '-P show transaction user=bob', reason: 'what names an association by its number alone is not found by its user' },
  { call: '-P show qos id=2 format=name', reason: 'a QOS that was removed and added again has its number again' },
  {
    call: '-P show user account=chem withassoc',
    reason: 'users without any such association are not listed with nothing in their columns',
  },
  { call: '-i archive dump', reason: 'the emulator archives nothing' },
];

const twice: AcceptedDifference = {
  call: 'show transaction format=action,actor,where',
  reason: 'the association of root is not written down twice',
};

function below(call: string): AcceptedDifference {
  return { call, reason: 'users of accounts two levels below are named, as 26.05 does' };
}

/** Calls whose answers differ from the recorded ones, with the reason. */
export const acceptedDifferences: Readonly<Record<string, readonly AcceptedDifference[]>> = {
  '22.05': [
    ...always,
    {
      call: '-P show account withassoc format=account,cluster,parentname,user,share,grptres,grptresmins,qos',
      reason: 'an account without associations has no share of 0',
    },
  ],
  '24.11': [
    ...always,
    twice,
    below('-i modify account hpc1 set qos=high'),
    below('-i modify account set qos+=normal where account=hpc1'),
    below('-i modify account set defaultqos=normal where account=hpc1'),
    below('-i modify account set qos-=high where account=hpc1'),
    { call: '-i modify account hpc1 set parent=nosuch', reason: '24.11 lists some of the associations below twice' },
    { call: '-i modify account hpc1 set parent=hpc2', reason: '24.11 lists some of the associations below twice' },
    { call: '-i modify account hpc1 set parent=root', reason: '24.11 lists some of the associations below twice' },
  ],
  '26.05': [...always, twice, { call: '-i add cluster c2', reason: "the emulator's database is never busy" }],
};

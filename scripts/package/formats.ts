import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import { distributionVersion, type Staged } from './target.ts';
import { filesBeneath } from './tree.ts';

/** A kind of package. */
export interface Format {
  readonly name: 'tar' | 'deb' | 'rpm';
  /** The programs it takes and the packages (Debian's / Red Hat's names) that have them. */
  readonly needs: readonly { readonly program: string; readonly from: string }[];
  /** Builds it and returns the path of the file. */
  build(staged: Staged): string;
}

function template(root: string, name: string, values: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(root, 'deploy', 'packaging', name), 'utf8');
  return text.replace(/@([A-Z_]+)@/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`deploy/packaging/${name} asks for @${key}@, which there is not`);
    return value;
  });
}

const tarball: Format = {
  name: 'tar',
  needs: [
    { program: 'tar', from: 'tar' },
    { program: 'gzip', from: 'gzip' },
  ],
  build({ target, version, tree, work, out, epoch, quick }) {
    const name = `sluice-${version}-linux-${target.arch}`;
    const file = join(out, `${name}.tar.gz`);
    const plain = join(work, `${name}.tar`);
    const fixed = ['--sort=name', '--format=gnu', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner'];
    runProgram('tar', [...fixed, '--transform', `s,^\\.,${name},S`, '-C', tree, '-cf', plain, '.']);
    runProgram('gzip', ['-n', quick ? '-1' : '-6', plain]);
    renameSync(`${plain}.gz`, file);
    return file;
  },
};

const deb: Format = {
  name: 'deb',
  needs: [{ program: 'dpkg-deb', from: 'dpkg' }],
  build({ root, target, version, tree, work, out, epoch, quick }) {
    const image = join(work, 'image');
    const control = join(image, 'DEBIAN');
    mkdirSync(control, { recursive: true });
    // Moved, not copied: a copy's folders would take their modes from the umask.
    renameSync(tree, join(image, 'usr'));
    try {
      const files = filesBeneath(join(image, 'usr')).map((name) => `usr/${name}`);
      const bytes = files.reduce((sum, name) => sum + statSync(join(image, name)).size, 0);
      const sums = files.map(
        (name) =>
          `${createHash('md5')
            .update(readFileSync(join(image, name)))
            .digest('hex')}  ${name}\n`,
      );
      const debVersion = distributionVersion(version);
      const values = { VERSION: debVersion, ARCH: target.deb, INSTALLED_KIB: String(Math.ceil(bytes / 1024)) };
      writeFileSync(join(control, 'control'), template(root, 'control.in', values));
      writeFileSync(join(control, 'md5sums'), sums.join(''));
      for (const name of ['control', 'md5sums']) chmodSync(join(control, name), 0o644);
      for (const path of [image, control]) chmodSync(path, 0o755);
      const file = join(out, `sluice_${debVersion}_${target.deb}.deb`);
      runProgram('dpkg-deb', ['--root-owner-group', quick ? '-Zgzip' : '-Zxz', '-z1', '--build', image, file], {
        env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
      });
      return file;
    } finally {
      renameSync(join(image, 'usr'), tree);
    }
  },
};

const rpm: Format = {
  name: 'rpm',
  needs: [{ program: 'rpmbuild', from: 'rpm (Debian) or rpm-build (Red Hat)' }],
  build({ root, target, version, tree, work, out, epoch, quick }) {
    const rpmVersion = distributionVersion(version);
    const top = join(work, 'rpm');
    mkdirSync(top);
    const spec = join(top, 'sluice.spec');
    writeFileSync(spec, template(root, 'sluice.spec.in', { VERSION: rpmVersion, TREE: tree }));
    const name = `sluice-${rpmVersion}-1.${target.rpm}.rpm`;
    const macros: Readonly<Record<string, string>> = {
      _topdir: top,
      _dbpath: join(top, 'db'),
      _rpmdir: out,
      _rpmfilename: name,
      _buildhost: 'localhost',
      _binary_payload: quick ? 'w1.gzdio' : 'w1T2.xzdio',
      _build_id_links: 'none',
      // Nothing is to be stripped, compressed or split: the Node binary stays the one whose digest is in the lock file.
      __os_install_post: '%{nil}',
      debug_package: '%{nil}',
      use_source_date_epoch_as_buildtime: '1',
      clamp_mtime_to_source_date_epoch: '1',
      source_date_epoch_from_changelog: '0',
    };
    const defines = Object.entries(macros).flatMap(([key, value]) => ['--define', `${key} ${value}`]);
    runProgram('rpmbuild', ['-bb', '--quiet', '--target', `${target.rpm}-linux`, ...defines, spec], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    });
    return join(out, name);
  },
};

export const formats: readonly Format[] = [tarball, deb, rpm];

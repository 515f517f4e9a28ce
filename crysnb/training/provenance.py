"""What a model's card says of its data sets: where the published ones come from, and what is one of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from crysnb.datasets.records import raw_records
from crysnb.datasets.source import LINES
from crysnb.errors import CrysnbError

#: What the cards say of each data set; licences as stated by the source.
DATASETS: dict[str, dict[str, str]] = {
    "mp_dielectric": {
        "name": "MP dielectric tensors (Petousis 2017)",
        "licence": "CC0 1.0",
        "source": "Dryad, doi:10.5061/dryad.ph81h",
        "citation": "Petousis et al., Sci. Data 4, 160134 (2017), doi:10.1038/sdata.2016.134",
    },
    "mp_elastic_2015": {
        "name": "MP elastic tensors (de Jong 2015)",
        "licence": "CC0 1.0",
        "source": "Dryad, doi:10.5061/dryad.h505v",
        "citation": "de Jong et al., Sci. Data 2, 150009 (2015), doi:10.1038/sdata.2015.9",
    },
    "mp_elastic_2022": {
        "name": "MP elastic tensors, sample of 1211 crystals (2022 database)",
        "licence": "CC BY 4.0",
        "source": "Materials Project, doi:10.1063/1.4812323",
        "citation": "Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323",
    },
    "mp_piezoelectric": {
        "name": "MP piezoelectric tensors (de Jong 2015)",
        "licence": "CC0 1.0",
        "source": "Dryad, doi:10.5061/dryad.n63m4",
        "citation": "de Jong et al., Sci. Data 2, 150053 (2015), doi:10.1038/sdata.2015.53",
    },
    "mp_moduli_3k": {
        "name": "MP bulk and shear moduli",
        "licence": "CC BY 4.0",
        "source": "Materials Project, doi:10.1063/1.4812323",
        "citation": "Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323",
    },
    "mp_moduli_binary": {
        "name": "MP bulk and shear moduli of binaries (MatCalc benchmark)",
        "licence": "CC BY 4.0",
        "source": "Materials Project, doi:10.1063/1.4812323",
        "citation": "Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323",
    },
    "mp_eform_gap_36k": {
        "name": "MP formation energies and PBE band gaps (CGCNN set, 36 thousand crystals)",
        "licence": "CC BY 4.0",
        "source": "Materials Project, doi:10.1063/1.4812323",
        "citation": "Xie and Grossman, Phys. Rev. Lett. 120, 145301 (2018), "
        "doi:10.1103/PhysRevLett.120.145301; gaps: Chen et al., Nat. Comput. Sci. 1, 46 (2021), "
        "doi:10.1038/s43588-020-00002-x",
    },
    "matbench_phonons": {
        "name": "MatBench phonons (Petretto 2018)",
        "licence": "CC BY 4.0",
        "source": "MatBench v0.1, doi:10.1038/s41524-020-00406-3",
        "citation": "Petretto et al., Sci. Data 5, 180065 (2018), doi:10.1038/sdata.2018.65",
    },
}

#: SHA-256 of the records, each as JSON with sorted keys and a line feed.
_CONTENT = {
    "mp_dielectric": "74cae4d8b80d6bee303fda6b644686a3499244f3aa3a8216f874085ce9e89a49",
    "mp_elastic_2015": "23847dd39049bc4eea8dc19bdd9f955d7e0b2e7ee12d8bdf784218df67ae6ffd",
    "mp_elastic_2022": "c2dfcff541382da867ec4eea273ee949a6222fdae596af32a07b4f6d561b16ca",
    "mp_piezoelectric": "953a49ed9d1f76aaeec30df0c1e977bbfd104fd7123a6f13f9e6a53224fab8e5",
    "mp_moduli_3k": "93deba22a25675c7f82a52074d6eb15ee0e82765fd1c6a550396c4862a9403af",
    "mp_eform_gap_36k": "c58ca4dd95a2214b3616d9ea9cd62b96a57539a925b34fec01c3854a9f6c2f94",
    "matbench_phonons": "2d12f6596de81bb286f00b03319b65c27f21e27818e75ff11ed1da236280f66f",
    "mp_moduli_binary": "64c874ab6c061e292bc5a29cfa65aca21db8e0e0790145a7d672c2022d834ef3",
}


def is_published(folder: Path) -> bool:
    """Whether the crystals in ``folder`` are those of the published data set of that name.

    The name of a folder is no proof: anyone may call one ``mp_dielectric``.
    """
    expected = _CONTENT.get(folder.name)
    file = folder / LINES[0]
    if expected is None or not file.is_file():
        return False
    digest = hashlib.sha256()
    try:
        for raw in raw_records(file):
            digest.update(json.dumps(raw, sort_keys=True).encode() + b"\n")
    except CrysnbError:
        return False
    return digest.hexdigest() == expected


def about(folder: Path) -> dict[str, str]:
    """Name, licence and source of the data set in ``folder``; of an unknown one, that nothing is stated."""
    if is_published(folder):
        return DATASETS[folder.name]
    return {"name": folder.name, "licence": "not stated", "source": "not stated"}

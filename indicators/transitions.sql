-- titre: Transitions de couverture, d'usage et de statut
-- title: Transitions of cover, use and status
-- définition: tout le terrain de chaque territoire par ses codes et son statut final avant et
--   après, terrain inchangé compris. Un code vide est du terrain que le millésime ne couvre
--   pas, un statut vide n'est pas connu.
-- definition: the whole ground of every commune by its codes and final status before and after,
--   unchanged ground included. An empty code is ground that the vintage does not cover; an
--   empty status is not known.
-- source: article R.101-1 of the code de l'urbanisme; CNIG OCS GE nomenclature
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year_before, year_after, cs_before, us_before,
--   cs_after, us_after, artificial_before, artificial_after, cause, area_m2
SELECT
  series, commune, departement, year_before, year_after,
  cs_before, us_before, cs_after, us_after,
  final_before AS artificial_before, final_after AS artificial_after, cause,
  SUM(area_half_cm2) AS area_half_cm2
FROM ledger
GROUP BY
  series, commune, departement, year_before, year_after,
  cs_before, us_before, cs_after, us_after, final_before, final_after, cause
ORDER BY
  series, departement, commune, year_before, year_after,
  cs_before, us_before, cs_after, us_after, artificial_before, artificial_after, cause
